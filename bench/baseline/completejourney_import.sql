-- The grocer's exports into sorted Parquet, as one would write it by hand: every type given, nothing checked, nothing counted.
-- {data} is the folder of the exports, {out} where the Parquet goes; columns are named as in the tool's snapshots.
COPY (
    FROM read_csv('{data}/customers.csv', auto_detect = false, header = true, delim = ',', quote = '"', columns = {
        'customer_id': 'VARCHAR', 'email': 'VARCHAR', 'age': 'VARCHAR', 'income': 'VARCHAR', 'household_size': 'VARCHAR', 'kids_count': 'VARCHAR'
    })
    ORDER BY customer_id
) TO '{out}/customers.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
    FROM read_csv('{data}/products.csv', auto_detect = false, header = true, delim = ',', quote = '"', columns = {
        'product_id': 'VARCHAR', 'manufacturer_id': 'VARCHAR', 'department': 'VARCHAR', 'brand': 'VARCHAR', 'category': 'VARCHAR',
        'title': 'VARCHAR', 'package_size': 'VARCHAR'
    })
    ORDER BY product_id
) TO '{out}/products.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
    FROM read_csv('{data}/orders.csv.gz', auto_detect = false, header = true, delim = ',', quote = '"', compression = 'gzip', columns = {
        'order_id': 'VARCHAR', 'customer_id': 'VARCHAR', 'ordered_at': 'TIMESTAMP', 'total': 'DECIMAL(18, 2)', 'store_id': 'VARCHAR'
    })
    ORDER BY customer_id, ordered_at
) TO '{out}/orders.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT items.*, orders.customer_id, orders.ordered_at
    FROM (
        SELECT order_id::VARCHAR AS order_id, product_id::VARCHAR AS product_id, quantity, amount, coupon
        FROM read_parquet('{data}/order_items.parquet')
    ) AS items
    JOIN read_parquet('{out}/orders.parquet') AS orders USING (order_id)
    ORDER BY orders.customer_id, orders.ordered_at
) TO '{out}/order_items.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
    FROM read_csv('{data}/redemptions.csv', auto_detect = false, header = true, delim = ',', quote = '"', columns = {
        'customer_id': 'VARCHAR', 'redeemed_at': 'TIMESTAMP', 'coupon_upc': 'BIGINT', 'campaign_id': 'VARCHAR'
    })
    ORDER BY customer_id, redeemed_at
) TO '{out}/redemptions.parquet' (FORMAT parquet, COMPRESSION zstd);
